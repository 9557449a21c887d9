cat llm.yaml
kubectl apply -f llm.yaml
kubectl get pod llm
kubectl logs llm
kubectl describe nodes | grep -A 7 -e ^Capacity -e ^Allocatable
cat > llm.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: llm
spec:
  containers:
  - name: server
    image: podlab.dev/toolbox:v1
    args: ["model", "--memory", "8Gi"]
    resources:
      limits:
        nvidia.com/gpu: 1
END
kubectl delete pod llm --now
kubectl apply -f llm.yaml
kubectl wait --for=condition=Ready pod/llm --timeout=60s
kubectl exec llm -- nvidia-smi
kubectl exec llm -- nvidia-smi -L
podlab answer seen 1
