# By kubectl run, with what it has no flag for put in.
kubectl run {{params.shop}} --image=podlab.dev/toolbox:v1 --labels=street=market --overrides='{"spec": {"containers": [{"name": "server", "image": "podlab.dev/toolbox:v1", "resources": {"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}}, "env": [{"name": "PORT", "value": "{{params.port}}"}, {"name": "MESSAGE", "value": "{{params.sign}}"}]}]}}'
kubectl wait --for=condition=Ready pod/{{params.shop}} --timeout=60s
