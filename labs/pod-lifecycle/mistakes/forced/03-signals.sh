kubectl delete pod polite --force --grace-period=0
kubectl delete pod stubborn
podlab answer who-killed c
