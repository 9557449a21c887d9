kubectl create deployment stall --image=podlab.dev/toolbox:v1 --replicas=3
kubectl rollout status deployment stall --timeout=60s
kubectl describe service stall
kubectl patch service stall -p '{"spec": {"selector": {"app": "stall"}}}'
