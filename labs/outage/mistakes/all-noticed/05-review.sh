podlab answer noticed a
podlab answer next-time c
