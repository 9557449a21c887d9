podlab answer has-node d
podlab answer too-much c
podlab answer picky b
