podlab answer till-why b
kubectl expose deployment vault --name=valut --port=80 --target-port=8080
kubectl delete pod -l app=till
kubectl rollout status deployment till --timeout=60s
