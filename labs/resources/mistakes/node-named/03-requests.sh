kubectl delete pod greedy --now
kubectl run greedy --image=podlab.dev/toolbox:v1 --overrides="{\"spec\": {\"nodeName\": \"$(kubectl get nodes -o jsonpath='{.items[0].metadata.name}')\", \"containers\": [{\"name\": \"app\", \"image\": \"podlab.dev/toolbox:v1\", \"resources\": {\"requests\": {\"cpu\": \"1000\"}}}]}}"
