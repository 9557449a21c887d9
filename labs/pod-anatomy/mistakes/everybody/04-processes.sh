podlab answer apart b
