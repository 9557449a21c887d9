podlab answer no-name oak
podlab answer not-allowed fir
podlab answer there-already fir
