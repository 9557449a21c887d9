kubectl create deployment web --image=podlab.dev/toolbox:v1 --replicas=2
kubectl rollout status deployment web --timeout=60s
kubectl exec deployment/web -- kill 1
podlab answer pod-owner ReplicaSet
