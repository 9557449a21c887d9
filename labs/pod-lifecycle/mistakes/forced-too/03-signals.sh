kubectl delete pod polite
kubectl delete pod stubborn --force --grace-period=0
podlab answer who-killed c
