podlab answer why-pending b
kubectl delete pod second --now
kubectl apply -f - <<END
apiVersion: v1
kind: Pod
metadata:
  name: second
spec:
  nodeName: $(kubectl get pod llm -o jsonpath='{.spec.nodeName}')
  containers:
  - name: server
    image: podlab.dev/toolbox:v1
    args: ["model", "--memory", "2Gi"]
    resources:
      limits:
        nvidia.com/gpu: 1
END
kubectl get pod second
