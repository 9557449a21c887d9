kubectl create deployment stall --image=podlab.dev/toolbox:v1 --replicas=2
kubectl rollout status deployment stall --timeout=60s
kubectl describe service stall
kubectl patch service stall -p '{"spec": {"selector": {"app": "stall"}, "ports": [{"port": 80, "targetPort": 8080}]}}'
