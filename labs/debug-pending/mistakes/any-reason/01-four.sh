podlab answer has-node d
podlab answer too-much a
podlab answer picky c
