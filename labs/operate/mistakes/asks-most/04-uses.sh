podlab answer busiest anvil
