podlab answer heaviest door
