kubectl run db --image=podlab.dev/toolbox:v1
kubectl wait --for=condition=Ready pod/db --timeout=60s
