kubectl run web --image=podlab.dev/toolbox:v1
kubectl wait --for=condition=Ready pod/web --timeout=60s
