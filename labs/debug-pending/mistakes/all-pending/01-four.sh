podlab answer has-node a
podlab answer too-much a
podlab answer picky b
