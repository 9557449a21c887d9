podlab answer completed ant
podlab answer never-ran cow
podlab answer killed eel
