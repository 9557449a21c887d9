kubectl run web --image=podlab.dev/toolbox:v1 --labels=app=wbe,tier=frontend --overrides='{"spec": {"containers": [{"name": "server", "image": "podlab.dev/toolbox:v1", "ports": [{"containerPort": 8080}]}]}}'
kubectl wait --for=condition=Ready pod/web --timeout=60s
