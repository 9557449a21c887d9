kubectl run hello --image=podlab.dev/toolbox:v1
kubectl get pods
kubectl wait --for=condition=Ready pod/hello --timeout=60s
kubectl get pods
