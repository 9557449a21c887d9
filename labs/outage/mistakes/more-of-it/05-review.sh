podlab answer noticed b
podlab answer next-time b
