kubectl exec llm -- wget -qO- --post-data '{"prompt": "What is a Pod?"}' http://localhost:8080/v1/completions
kubectl exec llm -- wget -qO- http://localhost:8080/metrics
cat > llm.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: llm
spec:
  containers:
  - name: server
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "model --memory 8Gi | tee /log/server.log"]
    resources:
      limits:
        nvidia.com/gpu: 1
    volumeMounts:
    - name: log
      mountPath: /log
  - name: metrics
    image: podlab.dev/toolbox:v1
    args: ["serve", "--port", "9100", "--run", "wget -qO- http://localhost:8080/metrics"]
    resources:
      limits:
        nvidia.com/gpu: 1
  - name: logs
    image: podlab.dev/toolbox:v1
    command: ["tail", "-F", "/log/server.log"]
    volumeMounts:
    - name: log
      mountPath: /log
  volumes:
  - name: log
    emptyDir: {}
END
kubectl delete pod llm --now
kubectl apply -f llm.yaml
kubectl wait --for=condition=Ready pod/llm --timeout=60s
kubectl exec llm -c server -- wget -qO- --post-data '{"prompt": "And a sidecar?"}' http://localhost:8080/v1/completions
kubectl exec llm -c server -- wget -qO- http://localhost:9100/
kubectl logs llm -c logs
kubectl exec llm -c metrics -- nvidia-smi
