kubectl patch configmap till --patch '{"data":{"vault":"vault"}}'
kubectl delete pod -l app=till
kubectl rollout status deployment till --timeout=60s
podlab answer till-why b
# and the whole of it once more, for the record
kubectl patch configmap till --patch '{"data":{"vault":"valut"}}'
kubectl patch configmap till --patch '{"data":{"vault":"vault"}}'
