# What was right is applied once more.
kubectl patch deployment web -p '{"spec": {"template": {"spec": {"containers": [{"name": "toolbox", "image": "podlab.dev/none:v2"}]}}}}'
podlab check --wait 30s
kubectl apply -f web-2.yaml
kubectl set image deployment/web toolbox=podlab.dev/toolbox:v1
