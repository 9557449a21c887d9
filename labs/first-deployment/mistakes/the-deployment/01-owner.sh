kubectl create deployment web --image=podlab.dev/toolbox:v1 --replicas=2
kubectl rollout status deployment web --timeout=60s
kubectl get deployments,replicasets,pods
kubectl delete "$(kubectl get pods -l app=web -o name | head -n 1)" --now
kubectl get pods -l app=web
podlab answer pod-owner Deployment
