# What is waited for is the Pod's own condition.
kubectl wait --for=condition=Ready=False pod/ghost --timeout=120s
kubectl delete pod ghost --now --wait=false
podlab answer ghost-alive "it runs on and answers"
podlab answer ghost-phase running
