cat limits.yaml
cat > limits.yaml <<'END'
apiVersion: v1
kind: LimitRange
metadata:
  name: defaults
spec:
  limits:
  - type: Container
    defaultRequest:
      memory: 32Mi
END
kubectl apply -f limits.yaml
kubectl run plain --image=podlab.dev/toolbox:v1
kubectl wait --for=condition=Ready pod/plain --timeout=60s
kubectl get pod plain -o jsonpath='{.spec.containers[0].resources}{"\n"}'
