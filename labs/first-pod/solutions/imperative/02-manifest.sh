kubectl run web --image=podlab.dev/toolbox:v1 --port=8080 --labels=app=web,tier=frontend --overrides='{"spec": {"containers": [{"name": "server", "image": "podlab.dev/toolbox:v1", "ports": [{"containerPort": 8080}]}]}}'
kubectl wait --for=condition=Ready pod/web --timeout=60s
