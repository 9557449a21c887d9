podlab answer ghost-phase d
