kubectl create configmap settings --from-literal=greeting='{{params.greeting}}'
kubectl create secret generic login --from-literal=pin={{params.pin}}
kubectl run web --image=podlab.dev/toolbox:v1 --env=MESSAGE='{{params.greeting}}' --env=PIN={{params.pin}} --overrides='{"spec": {"containers": [{"name": "app", "image": "podlab.dev/toolbox:v1", "env": [{"name": "MESSAGE", "value": "{{params.greeting}}"}, {"name": "PIN", "value": "{{params.pin}}"}]}]}}'
