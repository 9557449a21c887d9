kubectl patch configmap till --patch '{"data":{"vault":"vault"}}'
kubectl delete pod -l app=till
kubectl rollout status deployment till --timeout=60s
podlab answer till-why b
