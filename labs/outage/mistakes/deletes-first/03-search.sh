kubectl delete pods -l app=search --now
kubectl rollout status deployment search --timeout=60s
podlab answer search-users none
podlab answer search-why c
kubectl delete pods -l app=search --now
kubectl rollout status deployment search --timeout=60s
