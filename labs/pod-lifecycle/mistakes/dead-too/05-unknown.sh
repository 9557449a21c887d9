podlab answer ghost-phase b
podlab answer ghost-alive a
