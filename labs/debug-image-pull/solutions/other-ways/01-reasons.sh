podlab answer no-name b
podlab answer not-allowed c
podlab answer there-already d
