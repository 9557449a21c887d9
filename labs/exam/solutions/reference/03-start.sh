kubectl describe pod mill
kubectl set image pod/mill app=podlab.dev/toolbox:v1
kubectl get pod mill
kubectl patch configmap mill -p '{"data": {"flour": "rye"}}'
kubectl wait --for=condition=Ready pod/mill --timeout=120s
