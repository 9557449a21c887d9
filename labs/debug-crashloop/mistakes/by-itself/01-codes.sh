podlab answer completed ant
podlab answer never-ran dog
podlab answer killed bee
