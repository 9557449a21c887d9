cat polite.yaml stubborn.yaml
kubectl get pods
kubectl delete pod polite
kubectl delete pod stubborn
podlab answer who-killed c
