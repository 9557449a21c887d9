podlab answer no-name elm
podlab answer not-allowed yew
podlab answer there-already fir
