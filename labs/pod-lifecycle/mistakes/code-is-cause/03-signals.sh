kubectl delete pod polite stubborn
podlab answer who-killed a
