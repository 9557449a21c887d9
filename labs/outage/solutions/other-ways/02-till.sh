podlab answer till-why "a key of its ConfigMap says something wrong"
kubectl create configmap till --from-literal=vault=vault --dry-run=client -o yaml | kubectl apply -f -
kubectl rollout restart deployment till
kubectl rollout status deployment till --timeout=60s
