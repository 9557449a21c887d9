podlab answer apart "container helper only"
kubectl run open --image=podlab.dev/toolbox:v1 --overrides='{"spec": {"shareProcessNamespace": true, "containers": [{"name": "helper", "image": "podlab.dev/toolbox:v1", "args": ["tail", "-f", "/dev/null"]}, {"name": "app", "image": "podlab.dev/toolbox:v1"}]}}'
kubectl wait --for=condition=Ready pod/open --timeout=60s
kubectl exec open -c app -- sh -c 'kill -9 $(ps | grep serve | grep -v grep | tr -s " " | cut -d " " -f 2)'
