podlab answer has-node fig
podlab answer too-much a
podlab answer picky b
