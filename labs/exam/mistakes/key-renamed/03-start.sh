kubectl set image pod/mill app=podlab.dev/toolbox:v1
kubectl patch configmap mill -p '{"data": {"flour": "wheat", "grain": null}}'
