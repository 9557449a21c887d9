kubectl create deployment hello --image=podlab.dev/toolbox:v1
kubectl rollout status deployment/hello --timeout=60s
