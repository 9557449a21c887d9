kubectl set image pod/elm app=podlab.dev/toolbox:v1
kubectl set image pod/oak app=podlab.dev/toolbox:v1
kubectl wait --for=condition=Ready pod/elm pod/oak --timeout=60s
kubectl get pods
