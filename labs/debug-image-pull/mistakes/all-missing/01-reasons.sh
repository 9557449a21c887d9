podlab answer no-name oak
podlab answer not-allowed yew
podlab answer there-already elm
