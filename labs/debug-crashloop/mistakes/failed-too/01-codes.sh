podlab answer completed bee
podlab answer never-ran dog
podlab answer killed eel
