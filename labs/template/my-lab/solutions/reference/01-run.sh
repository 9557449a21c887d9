kubectl run web --image=podlab.dev/toolbox:v1 --labels=app=web
kubectl wait --for=condition=Ready pod/web --timeout=60s
kubectl get pods -l app=web
